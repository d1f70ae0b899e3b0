-- A page of active members behind a user id, in order of user id.
SELECT membership.user_id, contact.email, membership.entered_at, membership.entry_count
FROM bucket_memberships AS membership
LEFT JOIN contacts AS contact ON contact.user_id = membership.user_id
WHERE membership.bucket_id = $1 AND membership.status = 'active' AND membership.user_id > $2
ORDER BY membership.user_id
LIMIT $3

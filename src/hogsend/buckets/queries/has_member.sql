-- Whether a user is an active member.
SELECT EXISTS (
    SELECT FROM bucket_memberships WHERE bucket_id = $1 AND user_id = $2 AND status = 'active'
)

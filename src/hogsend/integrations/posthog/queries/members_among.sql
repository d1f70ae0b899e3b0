-- Which of these pairs are members.
SELECT asked.user_id, asked.bucket_id
FROM unnest($1::text::text[], $2::text::text[]) AS asked (user_id, bucket_id)
WHERE EXISTS (
    SELECT FROM bucket_memberships AS stay
    WHERE stay.bucket_id = asked.bucket_id AND stay.user_id = asked.user_id
      AND stay.status = 'active'
)

-- How many members every bucket has that has any.
SELECT id AS bucket_id,
       sum(CASE measure WHEN 'stay.entered' THEN amount ELSE -amount END)::bigint AS active
FROM tally_totals
WHERE measure IN ('stay.entered', 'stay.left')
GROUP BY id
HAVING sum(CASE measure WHEN 'stay.entered' THEN amount ELSE -amount END) > 0

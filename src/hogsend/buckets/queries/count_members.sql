-- How many active members a bucket has.
SELECT coalesce(sum(CASE measure WHEN 'stay.entered' THEN amount ELSE -amount END), 0)::bigint
FROM tally_totals
WHERE measure IN ('stay.entered', 'stay.left') AND id = $1

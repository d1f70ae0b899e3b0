-- How many contacts there are.
SELECT coalesce((SELECT amount FROM tally_totals WHERE measure = 'contact'), 0)

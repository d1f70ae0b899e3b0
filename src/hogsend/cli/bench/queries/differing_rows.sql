-- Some of the rows that are not those put aside, and the other way round.
(SELECT 'by the job only' AS found, * FROM (/* rows */ EXCEPT ALL TABLE by_hand) AS more LIMIT 3)
UNION ALL
(SELECT 'by hand only', * FROM (TABLE by_hand EXCEPT ALL (/* rows */)) AS fewer LIMIT 3)

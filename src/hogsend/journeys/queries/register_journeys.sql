-- Note which journeys the code defines; what operators decided about them stays.
INSERT INTO journey_configs (journey_id, name, updated_at)
SELECT journey_id, name, $3 FROM unnest($1::text[], $2::text[]) AS defined (journey_id, name)
ON CONFLICT (journey_id) DO UPDATE SET name = excluded.name, retired_at = NULL, updated_at = $3
WHERE (journey_configs.name, journey_configs.retired_at) IS DISTINCT FROM (excluded.name, NULL)

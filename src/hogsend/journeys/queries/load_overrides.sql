-- What operators decided about journeys, where they did.
SELECT journey_id, enabled FROM journey_configs WHERE enabled IS NOT NULL

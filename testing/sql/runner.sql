-- What a .sql file can use; no extension is needed for it.
\! redis HSET h f 'a value'
\! redis HGET h f
SELECT :'redis' AS redis, :'redis_tcp' AS redis_tcp;
-- Errors come where they happen, with their details.
SELECT 1/0;
DO $$ BEGIN RAISE EXCEPTION 'no' USING DETAIL = 'why', HINT = 'what to do'; END $$;
SELECT current_setting('timezone'), NULL AS empty;

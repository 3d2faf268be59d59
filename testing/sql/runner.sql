-- What a .sql file can use; no extension is needed for it.
\! redis HSET h f 'a value'
\! redis HGET h f
\! redis SET k v EX 1000; redis_ttl k 900 1000; redis_ttl h 1 2
\! redis MSET a 1 b 2; redis MGET b a none; redis DBSIZE; redis KEYS '[ab]' | sort; redis FLUSHALL
-- An address is masked, whichever it is.
\echo Redis is at :redis
SELECT :'deployment' IN ('unix', 'tcp', 'tls', 'sentinel', 'cluster') AS known;
-- Errors come where they happen, with their details.
SELECT 1/0;
DO $$ BEGIN RAISE EXCEPTION 'no' USING DETAIL = 'why', HINT = 'what to do'; END $$;
SELECT current_setting('timezone'), NULL AS empty;

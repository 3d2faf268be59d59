-- LIMIT, OFFSET and EXISTS: what ends a scan early must not end it too early.
CREATE FOREIGN TABLE z (m text, score float8) SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'z');
INSERT INTO z SELECT 'm' || i, i FROM generate_series(1, 5) i;

-- The planner estimates by the value that a stable function has now; a kept plan sees another one.
CREATE FUNCTION wanted() RETURNS bigint STABLE LANGUAGE plpgsql AS $$
BEGIN
  RETURN current_setting('app.wanted')::bigint;
END $$;
SET app.wanted = 2;
PREPARE few AS SELECT m FROM z ORDER BY score LIMIT wanted();
PREPARE few_volatile AS SELECT random() < 2 AS volatile, m FROM z ORDER BY score LIMIT wanted();
PREPARE after AS SELECT random() < 2 AS volatile, m FROM z ORDER BY score LIMIT 2 OFFSET wanted();
EXECUTE few;
EXECUTE few_volatile;
EXECUTE after;
SET app.wanted = 3;
EXECUTE few;
EXECUTE few_volatile;
EXECUTE after;
SET app.wanted = 0;
PREPARE any_after AS SELECT EXISTS (SELECT FROM z OFFSET wanted());
EXECUTE any_after;
SET app.wanted = 4;
EXECUTE any_after;
SET app.wanted = 5;
EXECUTE any_after;
DEALLOCATE ALL;

-- Beyond what a number of rows can be.
SELECT random() < 2 AS volatile, m FROM z ORDER BY score LIMIT 9223372036854775807 OFFSET 3;
SELECT m FROM z ORDER BY score LIMIT 9223372036854775807 OFFSET 3;
SELECT m FROM z ORDER BY score LIMIT 9223372036854775807 OFFSET 9223372036854775807;
EXPLAIN (COSTS OFF) SELECT random() < 2 AS volatile, m FROM z ORDER BY score LIMIT 9223372036854775807;

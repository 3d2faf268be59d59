-- The table type zset, one key: every statement, checked with redis-cli.
CREATE FOREIGN TABLE z (member text, score float8) SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'z');
CREATE TABLE local (member text, bonus int);
INSERT INTO local VALUES ('ada', 10), ('eve', 20), ('zoe', 30);

-- INSERT: the last score wins.
INSERT INTO z VALUES ('ada', 1), ('bob', 2.5), ('ada', 3);
INSERT INTO z VALUES ('bob', 4) RETURNING *;
INSERT INTO z VALUES ('bob', 5), ('cyd', 6) ON CONFLICT DO NOTHING RETURNING *;
\! redis ZRANGE z 0 -1 WITHSCORES | paste - -
INSERT INTO z VALUES ('x', 1), ('y', NULL);
INSERT INTO z VALUES (NULL, 1);
\echo :SQLSTATE
INSERT INTO z VALUES ('x', 1), ('y', 'NaN');
\echo :SQLSTATE
\! redis ZCARD z
INSERT INTO z SELECT member, bonus FROM local WHERE member <> 'zoe';
INSERT INTO z SELECT member || '2', score + 0.5 FROM z;
SELECT * FROM z ORDER BY score, member;

-- SELECT.
SELECT * FROM z WHERE member = 'bob';
SELECT * FROM z WHERE member IN ('bob', 'eve', 'none') ORDER BY member;
SELECT * FROM z WHERE score BETWEEN 4 AND 6.5 ORDER BY score;
SELECT member FROM z ORDER BY score DESC LIMIT 2;
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM z WHERE member = 'bob';
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM z WHERE score BETWEEN 4 AND 6.5;
-- (Without statistics Redis is asked for the size, and the plan is another if it takes half a second.)
ANALYZE z;
EXPLAIN (VERBOSE, COSTS OFF) SELECT l.member, z.score FROM local l JOIN z USING (member);
SELECT l.member, z.score FROM local l LEFT JOIN z USING (member) ORDER BY 1;

-- UPDATE: scores, renames, both; keeps the TTL.
\! redis EXPIRE z 1000
UPDATE z SET score = score + 1 WHERE member = 'ada';
UPDATE z SET score = -score WHERE member LIKE '%2' RETURNING *;
UPDATE z SET member = 'Ada', score = 100 WHERE member = 'ada' RETURNING *;
UPDATE z SET member = 'Bob' WHERE member = 'bob';
UPDATE z SET member = 'Ada' WHERE member = 'Bob';
\echo :SQLSTATE
UPDATE z SET score = NULL WHERE member = 'Bob';
UPDATE z SET score = 'NaN' WHERE member = 'Bob';
UPDATE z SET score = 1 WHERE member = 'none';
UPDATE z SET score = z.score + l.bonus FROM local l WHERE z.member = l.member RETURNING z.*, l.bonus;
\! redis ZRANGE z 0 -1 WITHSCORES | paste - -
\! redis_ttl z 900 1000
EXPLAIN (VERBOSE, COSTS OFF) UPDATE z SET score = 7 WHERE member = 'Bob';
EXPLAIN (VERBOSE, COSTS OFF) UPDATE z SET score = score + 1 WHERE member = 'Bob';

-- DELETE.
DELETE FROM z WHERE member = 'Bob' RETURNING *;
DELETE FROM z WHERE score < 0;
DELETE FROM z USING local l WHERE z.member = l.member;
DELETE FROM z WHERE member = 'none';
\! redis ZRANGE z 0 -1 WITHSCORES | paste - -
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM z WHERE member IN ('Ada', 'cyd');
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM z WHERE score < 0;
DELETE FROM z WHERE member IN ('Ada', 'cyd');
\! redis EXISTS z

-- Strict.
CREATE FOREIGN TABLE strict (member text, score int) SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'strict', strict_insert 'true');
INSERT INTO strict VALUES ('a', 1);
INSERT INTO strict VALUES ('b', 2), ('a', 3);
\echo :SQLSTATE
INSERT INTO strict VALUES ('a', 4), ('c', 5) ON CONFLICT DO NOTHING;
\! redis ZRANGE strict 0 -1 WITHSCORES | paste - -

-- Scores: exact doubles, infinities, shortest numerics, integers that fit.
INSERT INTO z VALUES ('tenth', 0.1), ('third', 1.0 / 3), ('big', 1e300), ('inf', 'Infinity'), ('minus', '-Infinity'), ('zero', 0);
SELECT * FROM z ORDER BY score;
SELECT member, score = 0.1 AS same FROM z WHERE member = 'tenth';
CREATE FOREIGN TABLE zn (points numeric OPTIONS (redis 'score'), who text OPTIONS (redis 'member'), ttl bigint)
  SERVER redis_server OPTIONS (table_type 'zset', table_key_prefix 'z');
SELECT points, who, ttl FROM zn WHERE who IN ('tenth', 'third', 'inf') ORDER BY who;
UPDATE zn SET points = 0.3 WHERE who = 'tenth' RETURNING points;
INSERT INTO zn (who, points) VALUES ('cents', 19.99) RETURNING points;
INSERT INTO zn (who, points) VALUES ('nan', 'NaN');
\! redis ZADD z 1.1 decimal
SELECT points FROM zn WHERE who = 'decimal';
CREATE FOREIGN TABLE zi (member text, score int) SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'z');
SELECT * FROM zi WHERE member = 'zero';
SELECT * FROM zi WHERE member = 'third';
\echo :SQLSTATE
SELECT * FROM zi WHERE member = 'big';
-- Wrong type.
\! redis SET z text
SELECT * FROM z;
INSERT INTO z VALUES ('a', 1);
UPDATE z SET score = 2 WHERE member = 'a';
DELETE FROM z WHERE member = 'a';
TRUNCATE z;
\echo :SQLSTATE
\! redis DEL z

-- Prepared, from a function.
PREPARE put(text, float8) AS INSERT INTO z VALUES ($1, $2);
PREPARE put_new(text, float8) AS INSERT INTO z VALUES ($1, $2) ON CONFLICT DO NOTHING;
PREPARE look(text) AS SELECT * FROM z WHERE member = $1;
PREPARE above(float8) AS SELECT member FROM z WHERE score > $1 ORDER BY member;
PREPARE change(text, float8) AS UPDATE z SET score = $2 WHERE member = $1;
PREPARE remove(text) AS DELETE FROM z WHERE member = $1;
EXECUTE put('a', 1);
EXECUTE put('b', 2);
EXECUTE put_new('b', 3);
EXECUTE put_new('c', 3);
EXECUTE look('b');
EXECUTE look('none');
EXECUTE look(NULL);
EXECUTE above(1);
EXECUTE above(2.5);
EXECUTE above('-Infinity');
EXECUTE above(NULL);
EXECUTE above('NaN');
EXECUTE change('a', 10);
EXECUTE change('none', 10);
EXECUTE change('a', NULL);
EXECUTE remove('b');
EXECUTE remove('b');
\! redis ZRANGE z 0 -1 WITHSCORES | paste - -
CREATE FUNCTION award(who text, points float8) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
  UPDATE z SET score = score + points WHERE member = who;
  IF NOT FOUND THEN
    INSERT INTO z VALUES (who, points);
  END IF;
  RETURN (SELECT score FROM z WHERE member = who);
END $$;
SELECT who, award(who, 5) FROM unnest('{d,a,d,d}'::text[]) who;
\! redis ZRANGE z 0 -1 WITHSCORES | paste - -

-- Members by range: ZRANGEBYLEX while all scores are equal, else ZSCAN.
CREATE FOREIGN TABLE names (name text OPTIONS (redis 'member') COLLATE "C", score float8) SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'names');
INSERT INTO names SELECT n, 0 FROM unnest('{ada,adam,adele,bob,eve,évariste,[x,-,+,""}'::text[]) n;
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM names WHERE name >= 'ada' AND name < 'b';
EXPLAIN (VERBOSE, COSTS OFF) SELECT name FROM names WHERE name LIKE 'ad%a%';
SELECT * FROM names WHERE name >= 'ada' AND name < 'b' ORDER BY name;
SELECT name FROM names WHERE name LIKE 'ad%m' ORDER BY name;
SELECT name FROM names WHERE name ^@ 'é';
SELECT count(*) FROM names WHERE name BETWEEN '' AND '[';
PREPARE between_names(text, text) AS SELECT name FROM names WHERE name > $1 AND name <= $2 ORDER BY name;
EXECUTE between_names('ada', 'bob');
EXECUTE between_names('bob', 'ada');
EXECUTE between_names('bob', NULL);
\! redis ZADD names 1 aza
SELECT * FROM names WHERE name >= 'ada' AND name < 'b' ORDER BY name;
\! redis SET names text > /dev/null; redis TYPE names
SELECT * FROM names WHERE name ^@ 'a';

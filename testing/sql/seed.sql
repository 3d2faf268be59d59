-- The statements of the document that the product was asked for with, for one server, in its order: a wrapper made by
-- hand from the handler alone, its tables, its queries. Bulk and plans are looked at elsewhere.

CREATE FOREIGN DATA WRAPPER redis_wrapper
HANDLER redis_fdw_handler;

CREATE SERVER seed_server
FOREIGN DATA WRAPPER redis_wrapper
OPTIONS (:server_options);

-- Quick example.
CREATE FOREIGN TABLE user_profiles (key text, value text)
SERVER seed_server
OPTIONS (
    database '0',
    table_type 'hash',
    table_key_prefix 'user:profiles'
);

CREATE FOREIGN TABLE task_queue (element text)
SERVER seed_server
OPTIONS (
    database '0',
    table_type 'list',
    table_key_prefix 'tasks:pending'
);

INSERT INTO user_profiles VALUES ('name', 'John Doe');
INSERT INTO user_profiles VALUES ('email', 'john@example.com');
SELECT * FROM user_profiles ORDER BY key;

INSERT INTO task_queue VALUES ('Process invoice #123');
INSERT INTO task_queue VALUES ('Send welcome email');
SELECT * FROM task_queue;
\! redis LRANGE tasks:pending 0 -1

CREATE FOREIGN TABLE event_log (
    stream_id TEXT,
    event_type TEXT,
    event_data TEXT,
    user_id TEXT,
    timestamp_data TEXT
)
SERVER seed_server
OPTIONS (
    database '0',
    table_type 'stream',
    table_key_prefix 'app:events'
);

INSERT INTO event_log VALUES ('*', 'user_action', 'login', '123', '2024-01-01');
INSERT INTO event_log VALUES ('*', 'user_action', 'purchase', '456', '2024-01-01');
SELECT stream_id ~ '^[0-9]+-[0-9]+$' AS has_id, event_type, event_data, user_id, timestamp_data
FROM event_log ORDER BY stream_id;

-- A hundred thousand rows.
INSERT INTO user_profiles (key, value)
SELECT i, 'value_' || i
FROM generate_series(1,100000) i;
SELECT * FROM user_profiles where key = '5';
SELECT * FROM user_profiles where key in ('10', '15', '20') ORDER BY key;
SELECT count(*), min(key), max(value) FROM user_profiles where key like '555%';
SELECT count(*) FROM user_profiles;
\! redis HLEN user:profiles
\! redis DEL user:profiles

-- The six types.
CREATE FOREIGN TABLE redis_string (value TEXT)
SERVER seed_server OPTIONS (table_type 'string', table_key_prefix 'config:app_name');

CREATE FOREIGN TABLE redis_hash (field TEXT, value TEXT)
SERVER seed_server OPTIONS (table_type 'hash', table_key_prefix 'user:1');

CREATE FOREIGN TABLE redis_list (element TEXT)
SERVER seed_server OPTIONS (table_type 'list', table_key_prefix 'items');

CREATE FOREIGN TABLE redis_set (member TEXT)
SERVER seed_server OPTIONS (table_type 'set', table_key_prefix 'tags');

CREATE FOREIGN TABLE redis_zset (member TEXT, score FLOAT8)
SERVER seed_server OPTIONS (table_type 'zset', table_key_prefix 'leaderboard');

CREATE FOREIGN TABLE redis_stream (
    stream_id TEXT,
    field1 TEXT,
    value1 TEXT,
    field2 TEXT,
    value2 TEXT
)
SERVER seed_server OPTIONS (table_type 'stream', table_key_prefix 'events');

INSERT INTO redis_string VALUES ('MyApplicationName');
SELECT * FROM redis_string;
DELETE FROM redis_string WHERE value = 'MyApplicationName';
\! redis EXISTS config:app_name
INSERT INTO redis_string VALUES ('UpdatedAppName');
SELECT * FROM redis_string;

INSERT INTO redis_hash VALUES ('name', 'John'), ('age', '30');
SELECT * FROM redis_hash ORDER BY field;

INSERT INTO redis_list VALUES ('apple'), ('banana');
SELECT * FROM redis_list;

INSERT INTO redis_set VALUES ('red'), ('green'), ('blue');
SELECT * FROM redis_set ORDER BY member;

INSERT INTO redis_zset VALUES ('player1', 100.5), ('player2', 95.0);
SELECT * FROM redis_zset ORDER BY score DESC;

INSERT INTO redis_stream VALUES ('*', 'user_id', '123', 'action', 'login');
INSERT INTO redis_stream VALUES ('*', 'user_id', '456', 'action', 'logout');
SELECT field1, value1, field2, value2 FROM redis_stream ORDER BY stream_id;

SELECT count(*) FROM redis_stream
WHERE stream_id >= '1640995200000-0';

SELECT field1, value1, field2, value2 FROM redis_stream LIMIT 1000;

-- Streams.
CREATE FOREIGN TABLE application_events (
    stream_id TEXT,           -- Redis stream ID (auto-generated if '*')
    event_type TEXT,          -- Event classification
    user_id TEXT,             -- User identifier
    action TEXT,              -- Action performed
    metadata TEXT             -- Additional event data
)
SERVER seed_server
OPTIONS (
    database '0',
    table_type 'stream',
    table_key_prefix 'app:activity'
);

INSERT INTO application_events VALUES
    ('*', 'user_login', '123', 'authenticate', '{"ip":"192.168.1.1"}'),
    ('*', 'page_view', '123', 'view_dashboard', '{"page":"/dashboard"}'),
    ('*', 'user_logout', '123', 'logout', '{"session_duration":"45m"}');

SELECT event_type, user_id, action, metadata FROM application_events
ORDER BY stream_id DESC
LIMIT 100;

SELECT event_type, metadata::jsonb FROM application_events
WHERE stream_id >= '1640995200000-0'
ORDER BY stream_id;

SELECT user_id, action, metadata
FROM application_events
WHERE event_type = 'user_login'
ORDER BY stream_id DESC;

SELECT COUNT(*) FROM application_events;

SELECT event_type, COUNT(*) as event_count
FROM application_events
WHERE stream_id >= '1640995200000-0'
GROUP BY event_type
ORDER BY event_count DESC, event_type;

-- Strings.
CREATE FOREIGN TABLE app_config (value TEXT)
SERVER seed_server OPTIONS (table_type 'string', table_key_prefix 'config:database_url');

CREATE FOREIGN TABLE app_version (value TEXT)
SERVER seed_server OPTIONS (table_type 'string', table_key_prefix 'app:version');

INSERT INTO app_config VALUES ('postgresql://localhost:5432/mydb');
INSERT INTO app_version VALUES ('1.2.3');

SELECT 'Database URL: ' || value FROM app_config;
SELECT 'App Version: ' || value FROM app_version;

DELETE FROM app_config WHERE value = 'postgresql://localhost:5432/mydb';
INSERT INTO app_config VALUES ('postgresql://newhost:5432/mydb');
SELECT * FROM app_config;

-- Joins, aggregates, filters.
CREATE FOREIGN TABLE redis_hash_table (key text, value text)
SERVER seed_server OPTIONS (table_type 'hash', table_key_prefix 'emails');
CREATE FOREIGN TABLE redis_list_table (element text)
SERVER seed_server OPTIONS (table_type 'list', table_key_prefix 'task:list');
CREATE FOREIGN TABLE user_roles (member text)
SERVER seed_server OPTIONS (table_type 'set', table_key_prefix 'roles:1');
CREATE TABLE users (id int, name text);
INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace');
INSERT INTO redis_hash_table VALUES ('email:1', 'ada@example.com'), ('email:3', 'nobody@example.com');

SELECT u.name, r.value as email
FROM users u
JOIN redis_hash_table r ON r.key = 'email:' || u.id;

INSERT INTO redis_hash_table VALUES
  ('user:1', 'John Doe'),
  ('user:2', 'Jane Smith'),
  ('user_3', 'Bob Wilson');

INSERT INTO redis_list_table VALUES
  ('Task 1'),
  ('Task 2'),
  ('Task 3');

SELECT COUNT(*) as task_count
FROM redis_list_table;

SELECT * FROM redis_hash_table
WHERE key LIKE 'user_%'
ORDER BY key;

INSERT INTO user_roles VALUES ('admin');
SELECT EXISTS(SELECT 1 FROM user_roles WHERE member = 'admin');
SELECT EXISTS(SELECT 1 FROM user_roles WHERE member = 'guest');

-- A password that the server does not want is refused, not ignored.
CREATE SERVER seed_with_password
FOREIGN DATA WRAPPER redis_wrapper
OPTIONS (
    :server_options,
    password 'your_redis_password'
);
CREATE FOREIGN TABLE guarded (value TEXT)
SERVER seed_with_password OPTIONS (table_type 'string', table_key_prefix 'config:app_name');
SELECT * FROM guarded;
SELECT * FROM pg_available_extensions WHERE name = 'redis_fdw';

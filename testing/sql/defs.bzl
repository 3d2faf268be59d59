"""Suites in SQL: a .sql file, run by psql on private servers, and the output it must have.

    sql_test(name = "hash")    # hash.sql, hash.out

To start one: write hash.sql, `touch hash.out`, and record:

    bazel run //testing/sql:hash -- --record

Read the .out file as critically as code before you commit it. Nothing that varies may be in it:
sort rows whose order Redis chooses, and print no times (EXPLAIN with COSTS OFF, TIMING OFF).
sql_runner.cc says what a .sql file can use.

With `deployments` the same two files make further tests, named hash_tls, hash_cluster and so on, in
which Redis is deployed in another way: see testing/deployment.h. They run once. Recording is done
with the one that has no suffix, Redis on a unix socket. To leave them out:
`--test_tag_filters=-deployment`.
"""

# All there are besides the unix socket.
DEPLOYMENTS = ["tcp", "tls", "sentinel", "cluster"]

def sql_test(
        name,
        sql = None,
        expected = None,
        bare = False,
        config = [],
        deployment = "unix",
        deployments = [],
        doc = None,
        extension = True,
        size = "medium",
        twice = False,
        **kwargs):
    """A test that compares psql's output, byte by byte.

    Args:
      name: of the target.
      sql: the statements; default: name.sql.
      expected: what psql prints for them; default: name.out.
      bare: True to start without CREATE EXTENSION and the server `redis_server`.
      config: lines of postgresql.conf, without spaces.
      deployment: how Redis is deployed.
      deployments: other ways to deploy Redis, for a further test each.
      doc: a Markdown file; each of its indented blocks has to be in the statements, word for word.
      extension: False for a PostgreSQL without redis_fdw; implies bare.
      size: as in sh_test.
      twice: True to run the file two times in one session, the second under
        plan_cache_mode = force_generic_plan; see sql_runner.cc.
      **kwargs: as in sh_test.
    """
    sql = sql or name + ".sql"
    expected = expected or name + ".out"
    args = [
        "$(rootpath //testing/sql:sql_runner)",
        "--sql=$(rootpath %s)" % sql,
        "--expected=$(rootpath %s)" % expected,
        "--pg_config_paths=$(rootpath //tools/bazel:pg_config_paths)",
    ] + ["--config=" + line for line in config]
    data = [
        sql,
        expected,
        "//tools/bazel:pg_config_paths",
        "//testing/sql:sql_runner",
    ]
    if bare or not extension:
        args.append("--bare")
    if doc:
        args.append("--doc=$(rootpath %s)" % doc)
        data.append(doc)
    if extension:
        args.append("$(rootpaths //pg_glue:extension_files)")
        data.append("//pg_glue:extension_files")
    tags = kwargs.pop("tags", [])
    for redis in [deployment] + deployments:
        own = redis == deployment
        native.sh_test(
            name = name if own else name + "_" + redis,
            size = size,
            srcs = ["//tools/bazel:run.sh"],
            args = args + ["--deployment=" + redis] +
                   (["--passes=%d" % (2 if own else 1)] if twice else []),
            data = data,
            tags = tags if own else tags + ["deployment"],
            **kwargs
        )

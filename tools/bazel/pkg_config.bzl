"""A repository of cc_library targets for libraries that pkg-config knows.

    pkg_config_repository(
        name = "hiredis",
        debian_package = "libhiredis-dev",
        modules = {"hiredis": "hiredis"},  # target -> pkg-config modules
    )

Shared libraries are linked: Debian's static Abseil is not position-independent, and the product is
a shared object. A package that is missing ends in one line that names it.
"""

# Every compiler looks there by itself; naming them again would upset the order of #include_next.
_COMPILER_INCLUDE_DIRS = ["/usr/include", "/usr/local/include"]

# Asks for one or more modules; prints cflags, include folder and libs, or fails.
_QUERY = """
set -e
"$1" --exists $2
"$1" --cflags $2
for m in $2; do "$1" --variable=includedir $m; done | tr '\\n' ' '; echo
"$1" --libs $2
"""

# The same for every module with a prefix, in one process: there are over a hundred of Abseil.
_QUERY_ALL = """
set -e
for m in $("$1" --list-all | cut -d' ' -f1 | grep "^$2" | sort); do
  echo "$m"
  "$1" --cflags $m
  "$1" --variable=includedir $m
  "$1" --libs $m
done
"""

def _words(line):
    return [w for w in line.strip().split(" ") if w]

def _missing(rctx, what):
    fail("redis_fdw: %s not found: install %s" % (what, rctx.attr.debian_package))

def _link_options(line):
    result = []
    for word in _words(line):
        result.append(word)

        # A library outside the system's folders must be found again when the program starts.
        if word.startswith("-L"):
            result.append("-Wl,-rpath," + word[2:])
    return result

def _include_folders(rctx, cflags, include_dirs, known):
    """Links the include folders into the repository; returns their names there."""
    folders = []
    dirs = [w[2:] for w in _words(cflags) if w.startswith("-I")] + _words(include_dirs)
    for path in dirs:
        if path in _COMPILER_INCLUDE_DIRS or not rctx.path(path).exists:
            continue
        if path not in known:
            known[path] = "include_%d" % len(known)
            rctx.symlink(path, known[path])
        if known[path] not in folders:
            folders.append(known[path])
    return folders

def _library(rctx, name, cflags, include_dirs, libs, known):
    folders = _include_folders(rctx, cflags, include_dirs, known)
    return """
cc_library(
    name = {name},
    hdrs = glob({globs}, allow_empty = True),
    includes = {includes},
    defines = {defines},
    linkopts = {linkopts},
)
""".format(
        name = repr(name),
        globs = repr([f + "/**/*.h" for f in folders]),
        includes = repr(folders),
        defines = repr([w[2:] for w in _words(cflags) if w.startswith("-D")]),
        linkopts = repr(["-Wl,--as-needed"] + _link_options(libs) +
                        rctx.attr.extra_linkopts.get(name, [])),
    )

def _impl(rctx):
    tool = rctx.which("pkg-config")
    if tool == None:
        fail("redis_fdw: pkg-config not found: install pkg-config")
    build = ['package(default_visibility = ["//visibility:public"])\n']
    known = {}

    for target, modules in rctx.attr.modules.items():
        found = rctx.execute(["sh", "-c", _QUERY, "sh", tool, modules])
        if found.return_code != 0:
            _missing(rctx, target)
        lines = found.stdout.split("\n")
        build.append(_library(rctx, target, lines[0], lines[1], lines[2], known))

    if rctx.attr.module_prefix:
        prefix = rctx.attr.module_prefix
        found = rctx.execute(["sh", "-c", _QUERY_ALL, "sh", tool, prefix])
        lines = found.stdout.rstrip("\n").split("\n")
        if found.return_code != 0 or len(lines) < 4:
            _missing(rctx, rctx.name)
        for i in range(0, len(lines) - 3, 4):
            name = lines[i][len(prefix):]
            build.append(_library(rctx, name, lines[i + 1], lines[i + 2], lines[i + 3], known))

    rctx.file("BUILD.bazel", "".join(build), executable = False)

pkg_config_repository = repository_rule(
    implementation = _impl,
    attrs = {
        "modules": attr.string_dict(
            doc = "Target name -> the pkg-config modules it stands for, separated by spaces.",
        ),
        "module_prefix": attr.string(
            doc = "Makes a target of every module that starts so, named by what follows.",
        ),
        "extra_linkopts": attr.string_list_dict(
            doc = "Target name -> what to link besides.",
        ),
        "debian_package": attr.string(
            mandatory = True,
            doc = "What to install where the modules are missing.",
        ),
    },
    configure = True,
    environ = [
        "PATH",
        "PKG_CONFIG_PATH",
    ],
    local = True,
)

#!/bin/sh
# Bazel's sh_test wants a script; what it runs is the program its arguments name.
exec "$@"

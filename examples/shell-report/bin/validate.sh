#!/bin/sh
# Checks that a file has the expected header, and three fields in every row.
set -eu

header=$(head -n 1 "$1")
if [ "$header" != 'path,status,milliseconds' ]; then
    echo "$1: unexpected header: $header" >&2
    exit 1
fi
awk -F, -v name="$1" '
    NF != 3 { print name ": line " NR ": " NF " fields instead of 3"; bad = 1 }
    END { exit bad }
' "$1" >&2
echo "$1: valid"

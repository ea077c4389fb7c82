#!/bin/sh
# Reads tables of requests and prints one line for each path: how many, how many failed, how many were slow.
set -eu

awk -F, -v slow="$1" '
    $1 == "path" { next }
    {
        count[$1]++
        failed[$1] += $2 >= 500
        late[$1] += $3 > slow
    }
    END {
        for (path in count)
            printf "%-12s %8d %8d %8d\n", path, count[path], failed[path], late[path]
    }
' | sort | { printf '%-12s %8s %8s %8s\n' path requests failed slow; cat; }

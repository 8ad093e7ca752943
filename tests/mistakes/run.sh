#!/usr/bin/env bash
# Makes every known mistake (one patch each) in a copy of the last commit and runs the golden tests, which must fail.
# Prints a table row for each: the mistake, and the golden cases that failed. Ends with 1 if a mistake went unnoticed.
# Usage: tests/mistakes/run.sh [patch name ...]   About 20 s for each mistake on two cores.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(git -C "$here" rev-parse --show-toplevel)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git -C "$checkout" archive HEAD | tar -x -C "$copy"
cd "$copy" || exit 1
project=tests/Llama4.Model.Tests
tests="$project/bin/Release/net10.0/Llama4.Model.Tests"
unnoticed=0

build() { dotnet build -c Release "$project/Llama4.Model.Tests.csproj" -v q >"$copy/build.log" 2>&1; }
golden() { "$tests" -class "*DirectModelGoldenTests" -class "*ReferenceForwardTests" >"$copy/test.log" 2>&1; }

if ! { build && golden; }; then
    echo "the golden tests fail without any mistake:"; cat "$copy/build.log" "$copy/test.log"; exit 1
fi
echo "| mistake | failed |"
echo "|---|---|"
for patch in "$here"/*.patch; do
    name=$(basename "$patch" .patch)
    if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
    if ! git apply "$patch"; then
        result="**the patch does not apply**"; unnoticed=1
    elif ! build; then
        result="**the patch does not build**"; unnoticed=1; cat "$copy/build.log" >&2
    elif golden; then
        result="**nothing**"; unnoticed=1
    else
        result=$(grep -o '[A-Za-z]*Tests\.Run_[A-Za-z0-9_]*(name: "[^"]*") \[FAIL\]' "$copy/test.log" |
            sed -E 's/.*name: "([0-9]+[ab]?)-.*/\1/' | sort -u | tr '\n' ' ')
        [ -n "$result" ] || { result="**the tests did not run**"; unnoticed=1; tail -5 "$copy/test.log" >&2; }
    fi
    echo "| $(head -1 "$patch") | ${result% } |"
    git apply -R "$patch" 2>/dev/null
done
exit $unnoticed

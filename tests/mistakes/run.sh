#!/usr/bin/env bash
# Makes every known mistake (one patch each) in a copy of the last commit and runs the golden tests (of the text model, or
# of pictures where the mistake is there), which must fail.
# Prints a table row for each: the mistake, and the golden cases or tests that failed. Ends with 1 if a mistake went unnoticed.
# Usage: tests/mistakes/run.sh [patch name ...]   About 15 s for each mistake on two idle cores.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(git -C "$here" rev-parse --show-toplevel)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git -C "$checkout" archive HEAD | tar -x -C "$copy"
cd "$copy" || exit 1
project=tests/Llama4.Model.Tests
binaries="$project/bin/Release/net10.0"
tests="$binaries/Llama4.Model.Tests"
unnoticed=0

# Only the project that a patch touches is built again: no public surface changes, so the rest stays as it is.
build() {
    for source in Compute Model; do
        cp "$copy/right/Llama4.$source.dll" "$binaries/"
        grep -q "^+++ b/src/Llama4.$source/" "$1" || continue
        dotnet build -c Release "src/Llama4.$source/Llama4.$source.csproj" --no-restore --no-dependencies -p:RunAnalyzers=false -v q \
            >"$copy/build.log" 2>&1 || return 1
        cp "src/Llama4.$source/bin/Release/net10.0/Llama4.$source.dll" "$binaries/"
    done
}
golden() { "$tests" -method "*DirectModelGoldenTests.Run_InFp32*" -method "*ReferenceForwardTests.*" >"$copy/test.log" 2>&1; }
vision() { "$tests" -method "*VisionTowerGoldenTests.*" -method "*ImageRowsTests.*" >"$copy/test.log" 2>&1; }
keys() { tests/Llama4.Scheduling.Tests/bin/Release/net10.0/Llama4.Scheduling.Tests -class "*PictureKeysTests" >"$copy/test.log" 2>&1; }

# What must notice a patch: the tower's goldens, the prefix keys' tests, or the text model's goldens.
kind_of() { if grep -q "^+++ b/src/Llama4.Scheduling/" "$1"; then echo keys; elif grep -q "^+++ b/src/Llama4.Model/.*\(Vision\|Image\)" "$1"; then echo vision; else echo golden; fi; }
build_for() {
    [ "$1" = keys ] || { build "$2"; return; }
    dotnet build -c Release tests/Llama4.Scheduling.Tests -p:RunAnalyzers=false -v q >"$copy/build.log" 2>&1
}

if ! { dotnet build -c Release "$project/Llama4.Model.Tests.csproj" -v q >"$copy/build.log" 2>&1 && golden && vision && build_for keys "" && keys; }; then
    echo "the golden tests fail without any mistake:"; cat "$copy/build.log" "$copy/test.log"; exit 1
fi
mkdir right && cp "$binaries"/Llama4.{Compute,Model}.dll right/
echo "| mistake | failed |"
echo "|---|---|"
for patch in "$here"/*.patch; do
    name=$(basename "$patch" .patch)
    if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
    kind=$(kind_of "$patch")
    if ! git apply "$patch"; then
        result="**the patch does not apply**"; unnoticed=1
    elif ! build_for "$kind" "$patch"; then
        result="**the patch does not build**"; unnoticed=1; cat "$copy/build.log" >&2
    elif "$kind"; then
        result="**nothing**"; unnoticed=1
    elif [ "$kind" != golden ]; then
        result=$(grep '\[FAIL\]' "$copy/test.log" | sed -E 's/.*\.([A-Za-z]+Tests)\..*/\1/' | sort -u | tr '\n' ' ')
        [ -n "$result" ] || { result="**the tests did not run**"; unnoticed=1; tail -5 "$copy/test.log" >&2; }
    else
        result=$(grep -o '[A-Za-z]*Tests\.Run_[A-Za-z0-9_]*(name: "[^"]*") \[FAIL\]' "$copy/test.log" |
            sed -E 's/.*name: "([0-9]+[ab]?)-.*/\1/' | sort -u | tr '\n' ' ')
        [ -n "$result" ] || { result="**the tests did not run**"; unnoticed=1; tail -5 "$copy/test.log" >&2; }
    fi
    echo "| $(head -1 "$patch") | ${result% } |"
    git apply -R "$patch" 2>/dev/null
done
exit $unnoticed

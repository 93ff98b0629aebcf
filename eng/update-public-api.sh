#!/usr/bin/env bash
# Writes the present public surface of an SDK project, or of ../Client, into PublicAPI.Unshipped.txt, for review in the same commit as the change.
set -euo pipefail
cd "$(dirname "$0")/../src/Sdk/${1:-Connector}"
{ echo '#nullable enable'; } > PublicAPI.Unshipped.txt
dotnet build -nologo -v q 2>&1 | sed -nE "s/.*error RS0016: Symbol '(.*)' is not part of the declared public API.*/\1/p" | sort -u > .api.tmp || true
cat .api.tmp >> PublicAPI.Unshipped.txt; rm .api.tmp
dotnet build -nologo -v q

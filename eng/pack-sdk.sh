#!/usr/bin/env bash
# Packs what connector authors need, and the client of applications behind the hub, into a folder that serves as package feed: eng/pack-sdk.sh FOLDER [VERSION]
# Package caches keep a version for ever: after a change of the SDK pack it under another one.
set -euo pipefail
feed=$(mkdir -p "${1:?usage: eng/pack-sdk.sh FOLDER [VERSION]}" && cd "$1" && pwd)
cd "$(dirname "$0")/../src/Sdk"
for part in Connector Simulation Testing Template ../Client; do
  dotnet pack "$part" -c Release -o "$feed" -nologo -v q ${2:+-p:Version="$2"}
done
ls "$feed"

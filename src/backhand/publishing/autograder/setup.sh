#!/usr/bin/env bash
# Gradescope calls this once, when it builds the image. Every Python package comes from wheels/ here.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
source="$root/source"

python=""
while read -r version; do
  if "python$version" -c "" 2>/dev/null; then
    python="$(command -v "python$version")"
    break
  fi
done < "$source/pythons.txt"

if [ -z "$python" ]; then
  # The image has none of them. Its own system has, and this is the one thing that may be fetched.
  version="$(head -n 1 "$source/pythons.txt")"
  echo "Python $version isn't in this image: installing it from the image's own system."
  if command -v apt-get > /dev/null; then
    apt-get update && DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends "python$version" || true
  elif command -v dnf > /dev/null; then
    dnf install -y "python$version" || true
  fi
  python="$(command -v "python$version" || true)"
  if [ -z "$python" ]; then
    echo "There is no Python $version for this image. Choose another base image;" >&2
    echo "docs/autograders.md of Backhand says which have it." >&2
    exit 1
  fi
fi

rm -rf "$source/site"
mkdir "$source/site"
"$python" -I -c 'import sys, zipfile
for wheel in sys.argv[2:]: zipfile.ZipFile(wheel).extractall(sys.argv[1])
' "$source/site" "$source"/wheels/*.whl
echo "$python" > "$source/python"
# Marks an empty submission, so that what is missing is found now and not by a student.
PYTHONPATH="$source/site" OPENBLAS_NUM_THREADS=1 \
  "$python" -P -s -m backhand.publishing.gradescope_run --check "$root"

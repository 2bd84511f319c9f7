#!/usr/bin/env bash
# Writes which version and commit a jar is built from, for the manifest of every run. Maven runs it.
#
#   provenance.sh TEMPLATE OUT VERSION    without git, or outside a repository, the commit is "unknown"
#
# The git command is asked since it knows linked worktrees; the repository is named outright so that git
# answers users who do not own it, too.
set -euo pipefail

template=$1 out=$2 version=$3
commit=unknown dirty=unknown
if [[ -e .git ]] && head=$(git --git-dir=.git rev-parse HEAD 2>/dev/null); then
  commit=$head
  if changes=$(git --git-dir=.git status --porcelain 2>/dev/null); then
    [[ -z $changes ]] && dirty=false || dirty=true
  fi
fi
mkdir -p -- "$(dirname -- "$out")"
sed -e "s/\${project.version}/$version/; s/\${git.commit.id}/$commit/; s/\${git.dirty}/$dirty/" "$template" >"$out"

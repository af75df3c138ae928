# SPDX-License-Identifier: Apache-2.0
#
# What the packaging scripts have in common; they source it from the root of the repository.

fail() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

# That of the POM, for all packages.
version=$(sed -n 's|^  <version>\(.*\)</version>$|\1|p' pom.xml)
# All files of a package have one time, so that two builds of one commit are the same bytes.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
# The names of Node.js.
case $(uname -s) in
Linux) platform=linux ;;
Darwin) platform=darwin ;;
*) fail "builds on Linux and macOS only" ;;
esac
case $(uname -m) in
x86_64 | amd64) platform+=-x64 ;;
aarch64 | arm64) platform+=-arm64 ;;
*) fail "there is no name for packages of $(uname -m)" ;;
esac
target=${CHRONOTICK_PACKAGES:-$PWD/packaging/target}
image=$target/chronotick-$version-$platform
umask 022

#!/bin/sh
# Fetches what the tool chain is made of into /fetched: debs, wheels of python packages, the wheel with collections.
#
#   fetch.sh locked   the Debian packages of debs.lock, else it fails
#   fetch.sh newest   whatever versions the mirror has
#
# pip learns of an index and of certificates from secrets, never from this repository.
set -eu
here=$(dirname "$0")
mkdir -p /fetched/debs
cd /fetched/debs
apt-get update -qq
# shellcheck disable=SC2046
apt-get download -qq $(sed 's/#.*//' "$here/debs.txt")
sha256sum -- *.deb | LC_ALL=C sort -k 2 > ../debs.lock
if [ "$1" = locked ]; then
    architecture=$(dpkg --print-architecture)
    if ! diff -u "$here/debs.$architecture.lock" ../debs.lock; then
        echo "The mirror has other packages than debs.$architecture.lock: check them and write the new lock," >&2
        echo "or build with --build-arg DEBIAN_PACKAGES=newest." >&2
        exit 1
    fi
fi
if [ -s /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi
if [ -s /run/secrets/pip ]; then export PIP_CONFIG_FILE=/run/secrets/pip; fi
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
pip install --quiet --no-compile --no-deps --only-binary :all: --require-hashes -r "$here/requirements.txt" --target /fetched/site
pip download --quiet --no-deps --only-binary :all: --require-hashes -r "$here/collections.txt" --dest /fetched/collections

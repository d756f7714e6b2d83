# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# A command under a lock, from start to end.

need flock util-linux
mkdir "$work/locks"
export BERTH_STORE=$work/locks/store
compare_starts "$starts" "$berth" lock bench -- true --- flock "$work/locks/flock" true
row "\`berth lock X -- true\`" "$(file_system "$work")" "${time_of[0]}" "µs" \
    "\`flock X true\`" "${time_of[1]}" "<= 1.3"

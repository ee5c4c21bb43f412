#!/bin/bash
# Runs inside the booted container of systemd_unit.py: one line "ok NAME" or "not ok NAME" a check.
# PREFIX is where densd is installed.
set -u

check() {
	local name=$1
	shift
	if "$@"; then
		echo "ok $name"
	else
		echo "not ok $name"
		failed=yes
	fi
}
failed=
show() { systemctl show -P "$1" densd.service; }
# within SECONDS COMMAND...: until it succeeds.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}

export PATH=$PREFIX/bin:$PATH
etc=$PREFIX/etc
[ "$PREFIX" = /usr ] && etc=/etc

systemctl daemon-reload
check "sysusers makes the user" systemd-sysusers "$PREFIX/lib/sysusers.d/densd.conf"
check "tmpfiles makes the folder" systemd-tmpfiles --create "$PREFIX/lib/tmpfiles.d/densd.conf"
check "the unit is well formed" systemd-analyze verify "$PREFIX/lib/systemd/system/densd.service"

# densim's terminals belong to densd's user, as udev gives a real adapter to it
install -d -o densd -g densd /run/densim
runuser -u densd -- densim --dir /run/densim --scale 1 --port 15020 >/run/densim.log 2>&1 &
within 10 grep -qs READY /run/densim.log
cp "$PREFIX/share/densd/sites/densim.yaml" "$etc/densd/site.yaml"
chgrp densd "$etc/densd/site.yaml"

begun=$(date +%s%N)
check "READY" systemctl start densd.service
echo "   start to READY: $((($(date +%s%N) - begun) / 1000000)) ms with systemd"
check "active" systemctl -q is-active densd.service
[ "$(show Type)" = notify ]
check "STATUS says what it does" test -n "$(show StatusText)"
echo "   STATUS: $(show StatusText)"
check "densctl asks it" densctl status --timeout 10
reads() { densctl status --timeout 5 | grep -q "temperature  *[0-9]" && densctl status --timeout 5 | grep -q "pressure  *[0-9-]"; }
check "furnace and press answer inside the sandbox" within 20 reads
locked() {
	local file
	for file in /run/lock/densd-line-*.lock; do
		flock -n "$file" true || return 0
	done
	return 1
}
check "its lines are locked for every other program, outside the sandbox too" locked
check "a worker that memory runs out for does not stop densd" [ "$(show OOMPolicy)" = continue ]
check "a stranger is refused" bash -c "! runuser -u nobody -- densctl hold --timeout 3 2>/dev/null"

# A hung control: the watchdog kills it, systemd starts it again.
main=$(show MainPID)
[ "$main" -gt 1 ] && kill -STOP "$main"
restarted() { [ "$(show NRestarts)" = 1 ]; }
check "a hung densd is started again" within 20 restarted
check "and is ready again" within 10 systemctl -q is-active densd.service
check "and answers" densctl status --timeout 10
check "as another process" test "$(show MainPID)" != "$main"

begun=$(date +%s%N)
check "SIGTERM ends it" systemctl stop densd.service
echo "   SIGTERM to end: $((($(date +%s%N) - begun) / 1000000)) ms"
check "cleanly" test "$(show Result)/$(show ExecMainStatus)" = success/0
check "nothing is left running" test -z "$(pgrep -u densd -f densd- || true)"
check "the store is there" test -s /var/lib/densd/journal.db

systemd-analyze security densd.service --no-pager | tail -n 1
check "hardened (exposure at most 3.0)" systemd-analyze security densd.service --threshold=30 --no-pager >/dev/null

if [ -n "$failed" ]; then
	journalctl --no-pager -u densd.service -n 40
	tail -n 20 /run/densim.log
fi
echo "end of checks"

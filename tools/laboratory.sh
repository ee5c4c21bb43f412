# shellcheck shell=bash
# What tools/demo and tools/reproduce share: packages, build, and a virtual laboratory with densd in a folder of
# its own. Sourced, not run. The caller sets: top (the repository), tool (its name, for messages).
: "${top:?}" "${tool:?}"

started=$SECONDS
step=0
steps=0
pids=()
wires=

say() {
	step=$((step + 1))
	printf '\n[%d/%d] %3d s  %s\n' "$step" "$steps" $((SECONDS - started)) "$*"
}
fail() {
	printf '%s: %s\n' "$tool" "$*" >&2
	exit 1
}

# Ends what this shell started, last first; what does not end in 5 s is killed. By process id only.
cleanup() {
	local i pid
	for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
		pid=${pids[i]}
		kill -TERM "$pid" 2>/dev/null || continue
		for _ in {1..50}; do
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.1
		done
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	pids=()
	[ -z "$wires" ] || rm -rf "$wires"
	wires=
}

# wait_for SECONDS WHAT LOG COMMAND...: until COMMAND succeeds.
wait_for() {
	local seconds=$1 what=$2 log=$3 end=$((SECONDS + $1))
	shift 3
	while [ $SECONDS -le $end ] && kill -0 "${pids[-1]}" 2>/dev/null; do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	tail -n 20 "$log" >&2
	fail "$what ended, or was not ready in $seconds s; its log is $log"
}

# Counts what ninja has done: in place on a terminal, elsewhere a line each 10 % and each 10 s.
show_progress() {
	local line ready=0 total=0 percent next=10 told=$SECONDS
	while IFS= read -r line; do
		[[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
		ready=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]} percent=$((100 * BASH_REMATCH[1] / BASH_REMATCH[2]))
		if [ -t 1 ]; then
			printf '\r%d of %d steps ' "$ready" "$total"
		elif [ $percent -ge $next ] || [ $((SECONDS - told)) -ge 10 ]; then
			printf '%4d s  %d of %d steps, %d %%\n' $((SECONDS - started)) "$ready" "$total" $percent
			next=$((percent / 10 * 10 + 10)) told=$SECONDS
		fi
	done
	if [ "$total" = 0 ]; then echo "nothing new to build"; elif [ -t 1 ]; then echo; fi
}

# attend PROCESS FOLDER SCALE: an operator on watch until PROCESS ends. A machine that is busy with other work can keep
# the laboratory waiting for longer than a line may be silent: densd then holds, as it should, and somebody has to look
# and say "resume". What needs more than that ends the run of the script.
attend() {
	local phase held=0
	while kill -0 "$1" 2>/dev/null; do
		sleep 1
		phase=$("$densctl" status --json 2>/dev/null | sed -n 's/^ *"phase": *"\([^"]*\)".*/\1/p' | head -n 1)
		case $phase in
		hold)
			held=$((held + 1))
			echo "operator: held: this machine keeps the wires waiting at $3 x. They answer again: resume ($held)"
			"$densctl" resume >/dev/null 2>&1 || true
			;;
		tripped | recovery-wait)
			"$densctl" status >&2 || true
			fail "$phase: that needs a person. The log is $2/densd.log; a quieter machine or a smaller --scale helps"
			;;
		esac
	done
}

# Installs what is missing, builds, and sets densctl, densim and densd.
build_programs() {
	local build=$top/build
	say "packages"
	"$top/tools/install-packages" run
	say "build with meson and ninja"
	if [ ! -f "$build/build.ninja" ]; then
		meson setup "$build" "$top" | grep -E "ERROR|Build targets" || fail "meson setup failed"
	fi
	ninja -C "$build" 2>&1 | tee "$build/ninja.log" | show_progress ||
		{ tail -n 40 "$build/ninja.log" >&2; fail "the build failed; its log is $build/ninja.log"; }
	densctl=$build/tools/densctl/densctl
	densim=$build/tools/densim/densim
	densd=$build/daemon/control/densd
}

# make_folder FOLDER MARK: empty and new; one of an earlier time is known by the file MARK in it.
make_folder() {
	local folder=$1 mark=$2
	case $folder in
	/ | "$top" | "$HOME") fail "$folder is no folder to write into" ;;
	esac
	if [ -e "$folder" ] && [ ! -e "$folder/$mark" ] && [ -n "$(ls -A "$folder")" ]; then
		fail "$folder exists and is not of an earlier $tool; name another with --out"
	fi
	rm -rf "$folder"
	mkdir -p "$folder"
}

# start_laboratory FOLDER SCALE [SEED]: densim and densd, ready. Exports DENSD_SITE; sets port and wires. The shell
# that calls it ends them with cleanup.
start_laboratory() {
	local folder=$1 scale=$2 seed=${3:-1}
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	# Sockets have short names at most: they live in a folder of their own.
	wires=$(mktemp -d /tmp/densd-lab.XXXXXX)
	sed -e "s|^  scale: .*|  scale: $scale|" -e "s|^    port: .*|    port: $port|" -e "s|/run/densim/|$wires/|" \
		-e "s|^store: .*|store: $folder/store|" -e "s|ipc:///run/densd/|ipc://$wires/|" \
		"$top/config/sites/densim.yaml" >"$folder/site.yaml"
	export DENSD_SITE=$folder/site.yaml
	mkdir -p "$folder/store"
	# In sessions of their own: Ctrl-C reaches the script, which ends them in order.
	setsid "$densim" --dir "$wires" --scale "$scale" --port "$port" --seed "$seed" >"$folder/densim.log" 2>&1 &
	pids+=($!)
	wait_for 10 densim "$folder/densim.log" grep -q READY "$folder/densim.log"
	setsid "$densd" --site "$folder/site.yaml" >"$folder/densd.log" 2>&1 &
	pids+=($!)
	wait_for 10 densd "$folder/densd.log" "$densctl" status --timeout 2
}

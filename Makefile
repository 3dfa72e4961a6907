# vm-power: everything a developer or a packager runs. `make help` explains.
#
# It needs node with npm, or bun of the right version. Nothing is installed outside the project.

BUN_VERSION := $(shell sed -n 's/.*"bun": "\([0-9.]*\)".*/\1/p' package.json | head -n 1)
# An installed bun of that version, else one that npm puts below .tools.
BUN := $(shell if [ "$$(bun --version 2>/dev/null)" = "$(BUN_VERSION)" ]; then command -v bun; \
	else echo "$(CURDIR)/.tools/node_modules/.bin/bun"; fi)
BIN := node_modules/.bin
PREFIX ?= /usr
MINUTES ?= 1
DESTDIR ?=

# A compiled program must not read .env, bunfig.toml or a preload from the directory it is started in.
COMPILE := --compile --minify --bytecode --format=esm --splitting --no-compile-autoload-dotenv --no-compile-autoload-bunfig

SOURCES := $(shell find src -type f) package.json bun.lock

.DEFAULT_GOAL := help
.PHONY: help run test check types faults mutants fuzz world world-long world-faults energy-days build bench interop install captures lab lab-full lab-xen lab-shell clean

help: ## Show this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

run: build ## Build, and show the daemon at work on a simulated host; Ctrl-C ends it
	@dist/vm-power simulate

test: build ## Run the tests that need no special parts, on the sources and on the built executable; COVERAGE=1 tells what they ran
ifdef COVERAGE
	@$(BUN) test --timeout 30000 --coverage --coverage-reporter=lcov --coverage-dir=dist/coverage $(or $(TESTS),test)
	@$(BUN) test/coverage/check.ts
else
	@$(BUN) test --timeout 30000 test
endif

check: node_modules ## Check types, lint, format, floors and dead code
	$(BIN)/tsc --noEmit
	$(BIN)/tsc --noEmit -p tsconfig.pure.json
	$(BIN)/tsc --noEmit -p tsconfig.cockpit.json
	$(BIN)/biome check --error-on-warnings .
	$(BIN)/knip
	$(BUN) test test/tidy.test.ts

types: node_modules ## Write the types of the control interface from its description
	@$(BUN) packaging/interface/generate.ts

fuzz: node_modules ## Give every reader of foreign bytes hostile ones, MINUTES=5 in all, and judge what it makes of them; TARGET=xml SEED=n repeats a round
	@MINUTES=$(MINUTES) TARGET=$(TARGET) SEED=$(SEED) $(BUN) test/fuzz/run.ts

faults: node_modules ## Take out each line that holds a promise of SECURITY.md, and see its test fail; QUICK=1 those that need no build
	@QUICK=$(QUICK) $(BUN) test/faults/plant.ts

mutants: node_modules ## Change the sources in small ways, and list what no test notices; FILES="wire arbiter/want", SAMPLE=100 SEED=7, SECONDS=180
	@FILES="$(FILES)" SAMPLE=$(SAMPLE) SEED=$(SEED) SECONDS=$(SECONDS) $(BUN) test/mutants/run.ts

world: node_modules ## Run the daemon in a simulated world; SEED=1 DAYS=0.1, and SEEDS=100 for that many of them
	@SEED=$(or $(SEED),1) DAYS=$(or $(DAYS),0.1) SEEDS=$(or $(SEEDS),1) $(BUN) test/world/main.ts

world-long: node_modules ## Run new worlds until stopped, and keep what they find in dist/world-failures.txt
	@mkdir -p dist
	@LONG=1 SEED=$(or $(SEED),$$(date +%s)) DAYS=$(or $(DAYS),0.1) $(BUN) test/world/main.ts

world-faults: node_modules ## Plant faults in the daemon, and see the world find each within a minute
	@$(BUN) test/world/hunt.ts

energy-days: node_modules ## Play DAYS=1000 days of hosts whose physics are not the energy model's, and count how often the truth is in the interval
	@DAYS=$(or $(DAYS),1000) $(BUN) test test/ledger/days.test.ts

build: dist/vm-power dist/guest-library dist/cockpit ## Build the one executable, dist/vm-power, the guest's side as JavaScript, and the page for Cockpit

bench: build ## Measure speed and cost, beside a bare C program, with BASELINE=FILE beside an older vm-power; README=yes writes the table
ifdef BASELINE
	@$(BUN) bench/bench.ts --baseline $(BASELINE)
else
	@$(BUN) bench/bench.ts $(if $(README),--readme)
	@$(BUN) bench/guest.ts
	@$(BUN) bench/processes.ts
endif

interop: build ## Talk to Debian's DPDK guest library, a real libvirt with a real guest, our guest's side in one, and Prometheus
	@interop/run

install: build man ## Install the host's side below DESTDIR and PREFIX
	@DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) packaging/install host
	ln -sf vm-power $(DESTDIR)$(PREFIX)/bin/vm-power-guest

guest-package: dist/guest-library ## Make the guest's side for Bun and Node, dist/guest-library

man: dist/man dist/completions ## Make the man pages and the completions of shells

deb: executable man dist/guest-library dist/cockpit ## Make dist/*.deb; ARCH=arm64 for the other architecture
	@packaging/deb $(ARCH)

image: deb ## Make dist/*.oci.tar, the image for Kubernetes; ARCH=arm64 for the other architecture
	@packaging/image $(ARCH)

rpm: executable man dist/cockpit ## Make dist/*.rpm; ARCH=arm64 for the other architecture
	@packaging/rpm/make $(ARCH)

lab: deb ## Prove the promises on real hypervisor hosts in QEMU: kernel cpufreq, systemd, libvirt, our package
	@BUN=$(BUN) test/lab/run dist/vm-power_*_$(ARCH).deb

lab-full: deb ## All of lab, and what takes long: attacks, crashes, an upgrade, real guests, a power cut
	@BUN=$(BUN) test/lab/run --full dist/vm-power_*_$(ARCH).deb

lab-xen: deb ## The part of it on a real Xen: the same packets, real guests, DPDK's own test in one
	@BUN=$(BUN) test/lab/run --xen dist/vm-power_*_$(ARCH).deb

lab-shell: deb ## A prompt on such a host (log in as root; Ctrl-A X ends it)
	@test/lab/run --shell dist/vm-power_*_$(ARCH).deb

packages: deb rpm ## Make all packages, and install, upgrade and remove them on a host of their own
	@$(MAKE) --no-print-directory deb ARCH=arm64
	@packaging/need lintian=lintian rpmlint=rpmlint mmdebstrap=mmdebstrap systemd-nspawn=systemd-container \
		qemu-aarch64-static=qemu-user-static rpm2cpio=rpm2cpio cpio=cpio /usr/aarch64-linux-gnu/lib/libc.so.6=libc6-arm64-cross
	@PACKAGES=$(CURDIR)/dist $(BUN) test test/packaging

captures: build ## Put what an operator sees into README.md, from the simulator in a terminal of 80 x 24 and in a browser
	@$(BUN) test/docs/captures.ts
	@$(BUN) test/cockpit/pictures.ts

clean: ## Remove what was built and installed in the project
	rm -rf dist node_modules .tools

dist/vm-power: node_modules $(SOURCES)
	@mkdir -p dist
	@$(BUN) build $(COMPILE) src/main.ts --outfile dist/vm-power >/dev/null
	@ln -sf vm-power dist/vmpowerctl
	@ln -sf vm-power dist/vm-power-guest

# The licence of uPlot asks for its name in each copy.
dist/cockpit: node_modules $(SOURCES)
	@$(BUN) build src/cockpit/page.ts src/cockpit/page.css --outdir $@ --target=browser --format=iife --minify --external '../../static/*' \
		--banner '/* vm-power, BSD-3-Clause. Holds uPlot, (c) Leon Sorokin, MIT. */' >/dev/null
	@cp src/cockpit/index.html src/cockpit/manifest.json $@
	@touch $@

dist/guest-library: node_modules $(SOURCES) $(shell find packaging/guest/library -type f)
	@$(BUN) packaging/guest/library/build.ts $@
	@touch $@

# For another architecture the compiler puts the program behind that one's runtime.
ARCH ?= $(patsubst aarch64,arm64,$(patsubst x86_64,amd64,$(shell uname -m)))
NATIVE := $(patsubst aarch64,arm64,$(patsubst x86_64,amd64,$(shell uname -m)))
.PHONY: guest-package man dist/man deb rpm image executable
executable: $(if $(filter $(NATIVE),$(ARCH)),dist/vm-power,dist/$(ARCH)/vm-power)

dist/%/vm-power: node_modules $(SOURCES)
	@packaging/runtime $* $(BUN)
	@mkdir -p $(@D)
	@$(BUN) build $(COMPILE) --target=bun-linux-$(subst amd64,x64,$*) --compile-executable-path=.tools/$*/bun src/main.ts --outfile $@ >/dev/null

dist/man: $(wildcard man/*.scd)
	@packaging/need scdoc=scdoc
	@mkdir -p $@
	@. packaging/facts; for page in $^; do scdoc <$$page >$@/$$(basename $$page .scd) || exit 1; done

dist/completions: node_modules $(SOURCES) $(wildcard packaging/completions/*.ts)
	@$(BUN) packaging/completions/generate.ts $@
	@touch $@

node_modules: package.json bun.lock | $(BUN)
	@$(BUN) install --frozen-lockfile --silent
	@touch node_modules

$(CURDIR)/.tools/node_modules/.bin/bun:
	@command -v npm >/dev/null || { echo "vm-power needs bun $(BUN_VERSION), or node with npm to get it" >&2; exit 1; }
	npm install --silent --no-save --no-package-lock --prefix .tools bun@$(BUN_VERSION)

import { expect, test } from "bun:test";
import { testHost } from "./test-host.ts";

test("makeCpufreqTree() shows what a kernel with acpi-cpufreq shows", () => {
  using host = testHost([
    { cpus: [2, 3], shared: true, offline: [3], driver: "acpi-cpufreq", khz: [2301000, 1200000] },
  ]);
  expect(host.snapshot()).toEqual({
    "/cpu2/cpufreq": "-> ../cpufreq/policy2",
    "/cpu2/online": "1\n",
    "/cpu2/power/pm_qos_resume_latency_us": "0\n",
    "/cpu2/topology/core_id": "2\n",
    "/cpu2/topology/physical_package_id": "0\n",
    "/cpu2/topology/thread_siblings_list": "2\n",
    "/cpu3/online": "0\n",
    "/cpu3/power/pm_qos_resume_latency_us": "0\n",
    "/cpu3/topology/core_id": "3\n",
    "/cpu3/topology/physical_package_id": "0\n",
    "/cpu3/topology/thread_siblings_list": "3\n",
    "/cpufreq/boost": "1\n",
    "/cpufreq/policy2/affected_cpus": "2\n",
    "/cpufreq/policy2/bios_limit": "2301000\n",
    "/cpufreq/policy2/cpuinfo_cur_freq": "2301000\n",
    "/cpufreq/policy2/cpuinfo_max_freq": "2301000\n",
    "/cpufreq/policy2/cpuinfo_min_freq": "1200000\n",
    "/cpufreq/policy2/cpuinfo_transition_latency": "10000\n",
    "/cpufreq/policy2/freqdomain_cpus": "2 3\n",
    "/cpufreq/policy2/related_cpus": "2 3\n",
    "/cpufreq/policy2/scaling_available_frequencies": "2301000 1200000 \n",
    "/cpufreq/policy2/scaling_available_governors":
      "conservative ondemand userspace powersave performance schedutil\n",
    "/cpufreq/policy2/scaling_cur_freq": "2301000\n",
    "/cpufreq/policy2/scaling_driver": "acpi-cpufreq\n",
    "/cpufreq/policy2/scaling_governor": "schedutil\n",
    "/cpufreq/policy2/scaling_max_freq": "2301000\n",
    "/cpufreq/policy2/scaling_min_freq": "1200000\n",
    "/cpufreq/policy2/scaling_setspeed": "<unsupported>\n",
    "/online": "2\n",
    "/possible": "2-3\n",
    "/present": "2-3\n",
  });
});

test("makeCpufreqTree() brings each driver's own files", () => {
  using host = testHost([
    { cpus: [0], driver: "intel_pstate", khz: [3500000, 800000], baseKhz: 2300000 },
    { cpus: [1], driver: "amd-pstate-epp", khz: [3500000, 400000], baseKhz: 2600000 },
  ]);
  expect(host.snapshot()).toMatchObject({
    "/intel_pstate/status": "active\n",
    // 16 of 28 states are without turbo: 57 %.
    "/intel_pstate/turbo_pct": "43\n",
    "/cpufreq/policy0/base_frequency": "2300000\n",
    "/cpufreq/policy0/energy_performance_preference": "balance_performance\n",
    "/amd_pstate/status": "active\n",
    "/cpu1/acpi_cppc/highest_perf": "350\n",
    "/cpu1/acpi_cppc/nominal_freq": "2600\n",
    "/cpu1/acpi_cppc/nominal_perf": "260\n",
  });
});

test("setOnline() removes a cpufreq policy with its last CPU, and creates it again in its first state", () => {
  using host = testHost([
    { cpus: [0], driver: "acpi-cpufreq", khz: [2000000] },
    { cpus: [1, 2], shared: true, driver: "acpi-cpufreq", khz: [2000000] },
  ]);
  const before = host.snapshot();
  host.tree.write(1, "scaling_governor", "userspace");
  host.tree.setOnline(1, false);
  expect([host.tree.read(2, "affected_cpus"), host.tree.read(2, "scaling_governor")]).toEqual([
    "2",
    "userspace",
  ]);
  host.tree.setOnline(2, false);
  expect([host.tree.read(2, "affected_cpus"), host.snapshot()["/online"]]).toEqual([undefined, "0\n"]);
  host.tree.setOnline(1, true);
  host.tree.setOnline(2, true);
  expect(host.snapshot()).toEqual(before);
});

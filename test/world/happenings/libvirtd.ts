import { happening } from "./happening.ts";

/** What libvirtd does. */
export const LIBVIRTD_HAPPENINGS = [
  happening("libvirtd restarts", 3, ({ libvirtd, timeline, judge }, random) => {
    libvirtd.stop();
    judge.model.unsettleAll();
    timeline.after(random.pick([100, 2000, 40_000]), () => libvirtd.start());
    return "libvirtd";
  }),
  happening("libvirtd freezes", 2, ({ libvirtd, timeline, judge }, random) => {
    libvirtd.freeze();
    judge.model.unsettleAll();
    timeline.after(random.pick([300, 15_000, 100_000]), () => libvirtd.thaw());
    return "libvirtd";
  }),
  happening("libvirtd is late", 3, ({ libvirtd, judge }, random) => {
    libvirtd.manners.delayMs = random.pick([50, 800, 4000]);
    judge.model.unsettleAll();
    return `${libvirtd.manners.delayMs} ms`;
  }),
  happening("libvirtd answers errors", 2, ({ libvirtd, judge }, random) => {
    libvirtd.manners.errors = random.pick([0.05, 0.4, 1]);
    judge.model.unsettleAll();
    return `${libvirtd.manners.errors}`;
  }),
  happening("libvirtd hangs up in the middle", 2, ({ libvirtd, judge }, random) => {
    libvirtd.manners.hangUps = random.pick([0.02, 0.2]);
    judge.model.unsettleAll();
    return `${libvirtd.manners.hangUps}`;
  }),
];

import fc from "fast-check";

// Developers search for new counterexamples at every run. In CI the same change must get the same result each time.
if (process.env["CI"] !== undefined) fc.configureGlobal({ seed: 20_261_120 });

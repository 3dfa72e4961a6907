import fc from "fast-check";

// Developers look for new counterexamples at every run. Where a change is judged, the same change must get the same
// verdict each time.
if (process.env["CI"] !== undefined) fc.configureGlobal({ seed: 20_261_120 });

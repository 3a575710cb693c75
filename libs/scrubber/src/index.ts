export { type DetectorDescription, describeDetectors, detectorNames } from './catalogue';
export { type Finding } from './detect';
export { type ScrubberOptions, ScrubberOptionsError } from './options';
export { parseRules, type Rule, RulesError } from './rules';
export { createScrubber, type FindingCounts, type Replacement, type Scrubber } from './scrubber';

// SPDX-License-Identifier: Apache-2.0
export {
  ChronoTickError,
  ClockDomainError,
  ContentionError,
  DeadWriterError,
  ExpiredError,
  IncompatibleSegmentError,
  NoSegmentError,
  NotReadyError,
  UntrustedSegmentError,
} from "./errors.js";
export type { SourceRow, StatusPage } from "./page.js";
export { Reader, type TimeInterval } from "./reader.js";
export { CorrectionRecord, type Source } from "./record.js";
export { defaultSegment, resolve } from "./segment.js";

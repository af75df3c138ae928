// SPDX-License-Identifier: Apache-2.0
/** Learned forecasters from ONNX files, by ONNX Runtime. */
@org.jspecify.annotations.NullMarked
package io.chronotick.onnx;

// SPDX-FileCopyrightText: The depth_completion_ros authors
// SPDX-License-Identifier: Apache-2.0
// The yardstick of benchmark.py: projection with a z-buffer as anyone would write it in C.
#include <stddef.h>
#include <string.h>

// points: n x (x, y, z); transform: 3 x 4, row by row; depth and valid: height x width.
void project_points(const float *points, size_t n, const float *transform, float fx, float fy,
                    float cx, float cy, int width, int height, float min_depth, float max_depth,
                    float *depth, unsigned char *valid) {
  const float *t = transform;
  memset(depth, 0, sizeof(float) * (size_t)width * (size_t)height);
  memset(valid, 0, (size_t)width * (size_t)height);
  for (size_t i = 0; i < n; ++i) {
    const float x = points[3 * i], y = points[3 * i + 1], z = points[3 * i + 2];
    const float Z = t[8] * x + t[9] * y + t[10] * z + t[11];
    if (!(Z >= min_depth && Z <= max_depth)) continue;
    const float u = fx * (t[0] * x + t[1] * y + t[2] * z + t[3]) / Z + cx + 0.5f;
    const float v = fy * (t[4] * x + t[5] * y + t[6] * z + t[7]) / Z + cy + 0.5f;
    if (!(u >= 0.0f && v >= 0.0f && u < (float)width && v < (float)height)) continue;
    const size_t pixel = (size_t)v * (size_t)width + (size_t)u;
    if (!valid[pixel] || Z < depth[pixel]) {
      depth[pixel] = Z;
      valid[pixel] = 1;
    }
  }
}

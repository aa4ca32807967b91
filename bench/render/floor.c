/* The floor: what the codecs alone cost. A scaled decode to the smallest size in eighths that is
   at least as wide as the first width, then one encode a width, of pixels that were never resized.
   usage: floor REPEATS QUALITY ORIGINAL WIDTH...   prints the median CPU milliseconds */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <jpeglib.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void encode(unsigned char *pixels, int stride, int width, int height, int quality) {
  struct jpeg_compress_struct c;
  struct jpeg_error_mgr errors;
  unsigned char *out = NULL;
  unsigned long size = 0;
  c.err = jpeg_std_error(&errors);
  jpeg_create_compress(&c);
  jpeg_mem_dest(&c, &out, &size);
  c.image_width = width; c.image_height = height; c.input_components = 3; c.in_color_space = JCS_RGB;
  jpeg_set_defaults(&c);
  jpeg_set_quality(&c, quality, TRUE);
  jpeg_start_compress(&c, TRUE);
  while (c.next_scanline < c.image_height) {
    JSAMPROW row = pixels + (size_t)c.next_scanline * stride;
    jpeg_write_scanlines(&c, &row, 1);
  }
  jpeg_finish_compress(&c);
  jpeg_destroy_compress(&c);
  free(out);
}

static void run(unsigned char *data, size_t size, int quality, int count, char **widths) {
  struct jpeg_decompress_struct d;
  struct jpeg_error_mgr errors;
  d.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&d);
  jpeg_mem_src(&d, data, size);
  jpeg_read_header(&d, TRUE);
  d.out_color_space = JCS_RGB;
  int longest = d.image_width > d.image_height ? d.image_width : d.image_height;
  d.scale_denom = 8;
  for (d.scale_num = 1; d.scale_num < 8 && longest * d.scale_num / 8 < (unsigned)atoi(widths[0]);) d.scale_num++;
  jpeg_start_decompress(&d);
  int stride = d.output_width * 3;
  unsigned char *pixels = malloc((size_t)stride * d.output_height);
  while (d.output_scanline < d.output_height) {
    JSAMPROW row = pixels + (size_t)d.output_scanline * stride;
    jpeg_read_scanlines(&d, &row, 1);
  }
  int full = d.output_width > d.output_height ? d.output_width : d.output_height;
  for (int i = 0; i < count; i++) {
    double scale = atof(widths[i]) / full;
    encode(pixels, stride, d.output_width * scale + 0.5, d.output_height * scale + 0.5, quality);
  }
  jpeg_finish_decompress(&d);
  jpeg_destroy_decompress(&d);
  free(pixels);
}

int main(int argc, char **argv) {
  int repeats = atoi(argv[1]);
  FILE *file = fopen(argv[3], "rb");
  if (!file) return 1;
  fseek(file, 0, SEEK_END);
  size_t size = ftell(file);
  rewind(file);
  unsigned char *data = malloc(size);
  if (fread(data, 1, size, file) != size) return 1;
  double *times = malloc(repeats * sizeof *times);
  for (int i = 0; i < repeats; i++) {
    double before = now();
    run(data, size, atoi(argv[2]), argc - 4, argv + 4);
    times[i] = now() - before;
  }
  qsort(times, repeats, sizeof *times, ascending);
  printf("%f\n", times[repeats / 2]);
  return 0;
}

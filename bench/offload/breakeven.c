#include "bench/offload/breakeven.h"

#include <math.h>

enum breakeven breakeven_size(const double *size, const double *host, const double *device, size_t n, int interpolate,
			      double *crossing)
{
	size_t from = n;
	while (from > 0 && device[from - 1] <= host[from - 1])
		from--;
	if (from == n)
		return BREAKEVEN_NEVER;
	*crossing = size[from];
	if (from == 0)
		return BREAKEVEN_AT_ONCE;
	if (interpolate) {
		double behind = device[from - 1] - host[from - 1], ahead = host[from] - device[from];
		*crossing = size[from - 1] + (size[from] - size[from - 1]) * behind / (behind + ahead);
	}
	return BREAKEVEN_FROM;
}

enum breakeven breakeven_uses(double host, double place, double per_use, double *uses)
{
	double gain = host - per_use;
	if (!(gain > 0))
		return BREAKEVEN_NEVER;
	*uses = fmax(1, ceil(place / gain));
	return *uses > 1 ? BREAKEVEN_FROM : BREAKEVEN_AT_ONCE;
}

# SPDX-License-Identifier: GPL-2.0
"""Line plots as SVG, with the standard library alone."""

import math
from xml.sax.saxutils import escape

COLOURS = ("#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f",
           "#bcbd22", "#17becf", "#ff7f0e", "#393b79", "#637939")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 60, 170, 40, 50


def steps(top):
    """Round numbers from 0 to at least top."""
    raw = top / 6 or 1
    unit = 10 ** math.floor(math.log10(raw))
    step = next(unit * k for k in (1, 2, 2.5, 5, 10) if unit * k >= raw)
    return [step * i for i in range(math.ceil(top / step) + 1)]


def panel(spec, y0):
    """One plot: a logarithmic x axis with the sampled values as ticks."""
    xs = sorted({x for pts in spec["series"].values() for x, _ in pts})
    ys = [y for pts in spec["series"].values() for _, y in pts]
    if not xs:
        return []
    ticks = steps(max(ys))
    low, high = math.log(xs[0]), math.log(xs[-1])
    span = high - low or 1

    def px(x):
        return LEFT + (math.log(x) - low) / span * (WIDTH - LEFT - RIGHT)

    def py(y):
        return y0 + HEIGHT - BOTTOM - y / ticks[-1] * (HEIGHT - TOP - BOTTOM)

    out = [f'<text x="{LEFT}" y="{y0 + 22}" font-size="15">{escape(spec["title"])}</text>',
           f'<text x="{(WIDTH - RIGHT + LEFT) / 2:.0f}" y="{y0 + HEIGHT - 10}" '
           f'text-anchor="middle">{escape(spec["x"])}</text>',
           f'<text x="14" y="{y0 + HEIGHT / 2:.0f}" transform="rotate(-90 14 '
           f'{y0 + HEIGHT / 2:.0f})" text-anchor="middle">{escape(spec["y"])}</text>']
    for t in ticks:
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{py(t):.1f}" y2="{py(t):.1f}" '
                   f'stroke="#ddd"/><text x="{LEFT - 6}" y="{py(t) + 4:.1f}" '
                   f'text-anchor="end">{t:g}</text>')
    last = -100
    for x in xs:
        if px(x) - last < 34:
            continue
        last = px(x)
        out.append(f'<line x1="{px(x):.1f}" x2="{px(x):.1f}" y1="{py(0):.1f}" '
                   f'y2="{py(0) + 4:.1f}" stroke="#333"/><text x="{px(x):.1f}" '
                   f'y="{py(0) + 17:.1f}" text-anchor="middle">{x:g}</text>')
    # The legend in the order of the lines' right ends.
    order = sorted(spec["series"], key=lambda n: -max(spec["series"][n])[1])
    for i, name in enumerate(order):
        colour = COLOURS[sorted(spec["series"]).index(name) % len(COLOURS)]
        own = ' stroke-width="2.5"' if name.startswith("culvert") else ' stroke-dasharray="5 3"'
        pts = " ".join(f"{px(x):.1f},{py(y):.1f}" for x, y in sorted(spec["series"][name]))
        ly = y0 + TOP + 10 + 18 * i
        out.append(f'<polyline points="{pts}" fill="none" stroke="{colour}"{own}/>'
                   f'<line x1="{WIDTH - RIGHT + 12}" x2="{WIDTH - RIGHT + 36}" y1="{ly}" '
                   f'y2="{ly}" stroke="{colour}"{own}/><text x="{WIDTH - RIGHT + 42}" '
                   f'y="{ly + 4}">{escape(name)}</text>')
    return out


def plot_lines(path, specs):
    """specs: dicts of title, x, y, series ({name: [(x, y), ...]}); one below the other."""
    body = []
    for i, spec in enumerate(specs):
        body += panel(spec, i * HEIGHT)
    with open(path, "w", encoding="ascii") as f:
        f.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
                f'height="{HEIGHT * len(specs)}" font-family="sans-serif" font-size="12">\n'
                '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(body) +
                "\n</svg>\n")

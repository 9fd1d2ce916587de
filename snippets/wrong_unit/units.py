from advlab.threat import epsilon_units, from_normalised

meant_as_pixels = epsilon_units(0.1)
meant_as_normalised = epsilon_units(from_normalised(0.1))
for size in (meant_as_pixels, meant_as_normalised):
    print(f"{size.pixels:.4f} pixels, {size.of_255:.2f}/255, {size.normalised:.4f} normalised")

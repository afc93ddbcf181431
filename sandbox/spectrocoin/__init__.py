"""SpectroCoin as a merchant's software sees it: two APIs, a hosted checkout, two callback kinds."""

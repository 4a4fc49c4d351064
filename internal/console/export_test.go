package console

import "entente.dev/entente/internal/console/catalogue"

// InLanguage makes every page speak one language, whatever the visitor asks for.
func InLanguage(d Deps, l catalogue.Language) Deps {
	d.language = l
	return d
}

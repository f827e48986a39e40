// Package estate holds what an organisation runs and what is known of it:
// business units, applications, assets, and their context.
package estate

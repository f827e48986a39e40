import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'

const iris: MantineColorsTuple = [
  '#f0f0fe',
  '#e2e2fb',
  '#c6c5f5',
  '#a9a7ef',
  '#8e8ce6',
  '#7370da',
  '#5f5bd0',
  '#5753c6',
  '#4a46b5',
  '#3b3894',
]

/** The greys of the dark scheme, from text to the page's ground, as in token.css. */
const dark: MantineColorsTuple = [
  '#e8eaef',
  '#c3c8d2',
  '#9ba3b1',
  '#6b7482',
  '#3b414d',
  '#262a32',
  '#1b1e24',
  '#15171b',
  '#101216',
  '#0e0f12',
]

/** Mantine in the measures of Stance: small radii, compact controls, our own colours. */
export const theme = createTheme({
  colors: { iris, dark },
  primaryColor: 'iris',
  primaryShade: { light: 7, dark: 6 },
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 6,
  cursorType: 'pointer',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  components: {
    Button: { defaultProps: { size: 'xs' } },
    ActionIcon: { defaultProps: { size: 28, variant: 'subtle', color: 'gray' } },
    TextInput: { defaultProps: { size: 'xs' } },
    Textarea: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: { size: 'xs' } },
    TagsInput: { defaultProps: { size: 'xs' } },
    NumberInput: { defaultProps: { size: 'xs' } },
    Checkbox: { defaultProps: { size: 'xs' } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: false, multiline: true, maw: 320 } },
    Modal: {
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.45 },
        transitionProps: { duration: 120 },
      },
    },
  },
})

/** Lets Mantine's own surfaces use our tokens. */
export const variables: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--surface)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-dimmed': 'var(--muted)',
    '--mantine-color-placeholder': 'var(--muted)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-hover': 'var(--hover)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-default-border': 'var(--line-strong)',
    '--mantine-color-error': 'var(--bad)',
  }
  return { variables: {}, light: shared, dark: shared }
}

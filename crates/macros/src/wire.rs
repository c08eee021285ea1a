//! `Wire` for structures and enumerations.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Fields, Ident, spanned::Spanned};

pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    let name = &input.ident;
    let (write, read) = match &input.data {
        Data::Struct(data) => {
            let (names, pattern) = names_of(&data.fields);
            let read = read_of(&data.fields);
            (quote!(let Self #pattern = self; #(crate::Wire::write(#names, to);)*), quote!(Self #read))
        }
        Data::Enum(data) => {
            let variants = data.variants.iter().enumerate().map(|(index, variant)| {
                let index = u8::try_from(index).unwrap_or(u8::MAX);
                (index, &variant.ident, &variant.fields)
            });
            let writes = variants.clone().map(|(index, variant, fields)| {
                let (names, pattern) = names_of(fields);
                quote!(Self::#variant #pattern => { to.push(#index); #(crate::Wire::write(#names, to);)* })
            });
            let reads = variants.clone().skip(1).map(|(index, variant, fields)| {
                let read = read_of(fields);
                quote!(#index => Self::#variant #read,)
            });
            let Some((_, first, fields)) = variants.clone().next() else {
                return syn::Error::new(name.span(), "an enumeration without variants").to_compile_error();
            };
            let read = read_of(fields);
            let otherwise = quote! {
                other => {
                    from.expect(other == 0);
                    Self::#first #read
                }
            };
            (quote!(match self { #(#writes)* }), quote!(match from.byte() { #(#reads)* #otherwise }))
        }
        Data::Union(_) => return syn::Error::new(input.span(), "a union").to_compile_error(),
    };
    quote! {
        impl crate::Wire for #name {
            fn write(&self, to: &mut Vec<u8>) {
                #write
            }

            fn read(from: &mut crate::Reader<'_>) -> Self {
                #read
            }
        }
    }
}

/// Names for the fields, and the pattern that binds them: all, or it does not compile.
fn names_of(fields: &Fields) -> (Vec<Ident>, TokenStream) {
    let names: Vec<Ident> = fields
        .iter()
        .enumerate()
        .map(|(index, field)| field.ident.clone().unwrap_or_else(|| format_ident!("field_{index}")))
        .collect();
    let pattern = match fields {
        Fields::Named(_) => quote!({ #(#names),* }),
        Fields::Unnamed(_) => quote!((#(#names),*)),
        Fields::Unit => quote!(),
    };
    (names, pattern)
}

fn read_of(fields: &Fields) -> TokenStream {
    let read = quote!(crate::Wire::read(from));
    match fields {
        Fields::Named(named) => {
            let names = named.named.iter().map(|field| &field.ident);
            quote!({ #(#names: #read),* })
        }
        Fields::Unnamed(unnamed) => {
            let reads = unnamed.unnamed.iter().map(|_| &read);
            quote!((#(#reads),*))
        }
        Fields::Unit => quote!(),
    }
}

use chat_shared::Username;
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub username: Username,
    pub session: String,
    pub bot: bool,
    pub admin: bool,
}
#[derive(Debug, Clone)]
pub struct Accounts;
impl Accounts {
    pub fn account_count(&self) -> u64 {
        0
    }
    pub fn is_admin(&self, _: &Username) -> bool {
        false
    }
    pub async fn authenticate(&self, _: &str) -> Result<Identity, AuthError> {
        Err(AuthError::Invalid)
    }
}
pub fn avatar_path(_: &Username) -> String {
    String::new()
}
#[derive(Debug)]
pub enum AuthError {
    Invalid,
    Store(crate::store::StoreError),
}

using System.Security.Cryptography;
using System.Text;

namespace ControlNetSharp.Server.Safety;

/// <summary>
/// Who may call. Passwords and keys are compared as digests, all of them and in constant time, so that neither the time
/// nor a copy of the memory tells one.
/// </summary>
internal sealed class Callers
{
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(32);
    private readonly (string Name, byte[] Digest)[] _users;
    private readonly string? _keyFile;
    private readonly Lock _lock = new();
    private IReadOnlyList<(string Name, byte[] Hash)> _keys = [];
    private DateTime _keysRead;

    public Callers(ServerSettings settings)
    {
        _users = [.. settings.Users.Select(user => (user.Name, Digest(user.Name, user.Password)))];
        _keyFile = settings.ApiKeyFile;
    }

    /// <summary>Whether anybody needs a password or a key.</summary>
    public bool MustLogIn => _users.Length > 0 || _keyFile is not null;

    /// <summary>The user of a name and a password; null where they are wrong.</summary>
    public string? ByPassword(string name, string password) => Find(_users, Digest(name, password));

    /// <summary>The name of a key; null where there is no such key. Keys that come or go while it runs count.</summary>
    public string? ByKey(string key) => Find(Keys(), ApiKeyFile.Hash(key));

    private static string? Find(IReadOnlyList<(string Name, byte[] Digest)> known, byte[] digest)
    {
        string? found = null;
        foreach (var (name, own) in known)
        {
            if (CryptographicOperations.FixedTimeEquals(own, digest))
            {
                found = name;
            }
        }

        return found;
    }

    private byte[] Digest(string name, string password) =>
        HMACSHA256.HashData(_salt, Encoding.UTF8.GetBytes($"{name}\0{password}"));

    private IReadOnlyList<(string Name, byte[] Hash)> Keys()
    {
        lock (_lock)
        {
            // A file that is gone or half written has no keys until it is right again.
            if (_keyFile is not null && File.GetLastWriteTimeUtc(_keyFile) is var written && written != _keysRead)
            {
                (_keys, _keysRead) = (ApiKeyFile.ProblemOf(_keyFile) is null ? ApiKeyFile.Read(_keyFile) : [], written);
            }

            return _keys;
        }
    }
}

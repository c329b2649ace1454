namespace ControlNetSharp.Server.Safety;

/// <summary>Who may log in.</summary>
/// <param name="Name">The name, which is the owner of the jobs.</param>
/// <param name="Password">The password. Not shown by <see cref="ToString"/>.</param>
public sealed record UserLogin(string Name, string Password)
{
    /// <summary>The name alone.</summary>
    public override string ToString() => Name;
}
